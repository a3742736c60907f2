"""Online reinforcement learning on the calibration tasks: a model talks to the simulated user and gets our reward.

- `credit.py`: what a talk is worth, as a whole and message by message
- `talking.py`: the talks, token by token
- `trainer.py`: TRL's trainer on them

The package `tactful_calibration` beside this one is the same as an environment of `verifiers`.
"""
