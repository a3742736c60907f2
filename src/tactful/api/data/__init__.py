"""Files in Python: is every record what it should be, and what do trainers read?"""
