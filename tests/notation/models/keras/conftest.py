"""What needs Keras is never collected: the models that it describes are recorded."""

collect_ignore = ["models.py", "record.py"]
