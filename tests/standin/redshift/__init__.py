"""A server that behaves towards a client as Amazon Redshift's documentation says, in front of PostgreSQL. Test
equipment: see tests/standin/README.md."""
