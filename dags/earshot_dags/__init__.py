"""What all DAG files of Earshot share: the timetable, the operator, the rules. No scheduler reads it as DAGs."""
