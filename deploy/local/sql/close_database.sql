-- Nobody connects to a database, or makes anything in it, whom nothing below names.
REVOKE ALL ON DATABASE docuvault, postgres, template1 FROM PUBLIC;
