"""From findings to a better assistant: a policy, a prompt patch and training rows; what a policy would have changed.

log ──judged (audit)──▶ LoggedTalk ──situations, costs, patch, rows (learn)──▶ a folder
                                   ──replay──▶ differences, off-policy estimates
                                   ──users──▶ simulated users like the log's, and how real ours are
"""
