"""What people judged, in Python: how far the votes can be trusted, and what is made of them."""
