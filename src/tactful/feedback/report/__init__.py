"""What a judged log looks like: shares and the page."""
