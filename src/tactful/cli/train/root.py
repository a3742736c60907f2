"""`tactful train`: the verbs."""

from tactful.cli.splice import noun_of
from tactful.cli.train.dpo import dpo
from tactful.cli.train.export_gguf import export_gguf
from tactful.cli.train.grpo import grpo
from tactful.cli.train.kto import kto
from tactful.cli.train.reward import reward
from tactful.cli.train.sft import sft

noun = noun_of("Fine-tune a language model on data of ours.", sft, dpo, kto, reward, grpo, export_gguf)
