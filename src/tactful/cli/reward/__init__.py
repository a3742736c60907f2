"""`tactful reward`: will the user accept this, now. One file a verb."""
