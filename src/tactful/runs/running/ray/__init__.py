"""The run on Ray: stages in worker actors; the call cache, the budget and the rate limit in one gate that all share.

driver (RayExecutor) ──records──▶ Worker ──▶ stage ──▶ door to models
       ▲   ◀──────────results────   │                     │ links
       │                            └──────▶ Gate ◀───────┘   calls.sqlite, budget, permits, pauses
   run folder (one writer)
"""
