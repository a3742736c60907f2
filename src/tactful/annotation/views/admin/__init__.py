"""The administrator's pages: how far the work is and how far it can be trusted, who does it, what is decided and exported."""
