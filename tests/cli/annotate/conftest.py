"""`tactful gym …` as typed, in this process."""

from tests.commands import tactful as tactful
