"""What docuvault is made of by others: what is known against it, and under which licences it comes."""
