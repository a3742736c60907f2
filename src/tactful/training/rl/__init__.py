"""Online reinforcement learning: a model talks to the simulated user, or sits beside a simulated person, and gets our reward.

- `credit.py`: what a talk is worth, as a whole and message by message
- `talking.py`: the talks, token by token
- `trainer.py`: TRL's trainer on them
- `watching.py`: episodes of the gym, round by round, and what they are worth

The packages `tactful_calibration` and `tactful_gym` beside this one are the tasks and the gym as environments of `verifiers`.
"""
