"""Who is asked for advice by hooks and tools: an advisor in this process, or a server that runs already.

Both answer in the same words, those of `/v1/advice`, `/v1/asks` and `/v1/observations`.
"""
