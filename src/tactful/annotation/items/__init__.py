"""From files to items: whatever `tactful data check` knows that people can be asked about.

`for item in read_items([path])`. What a file holds is told by `recognising.py`, each kind has its reader, and `reading.py`
puts them in a row, each item once. What annotators must not see goes into `Item.origin`:

| read from | shown | origin |
|---|---|---|
| moments, labelled or not | one item for all that was proposed at one observation | `moments`: the rows in ProactiveBench's keys without `obs`, each with the place of its `candidate` (null: silence); `earlier`: the events before those shown; `user`, `history` |
| episodes of the gym | one for each step | the same, of its one moment; `episode`, `step`, `proposal`, `held_back`, `acceptance`, `outcome` |
| traces and responses | one for each event with candidates | `moments`, `earlier`, `trace`, `event`, `row` |
| pairs, TRL rows | the two replies, the side by a hash | `chosen`: `first` or `second`; `row` |
| states, labelled requests | the conversation up to the request | `state`; or `id`, `label`, `missing` |
| chat logs, labelled and judged turns | each exchange with its next message, or each request | `turn` or `dialogue`; `label`, `accept`, `judgement` |
"""
