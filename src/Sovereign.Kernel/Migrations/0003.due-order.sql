-- Rows that wait and rows that somebody works on, each in its order: who claims looks past no leased row.
CREATE INDEX due_waiting ON due (at, kind, id) WHERE lease_until = 0;
CREATE INDEX due_leased ON due (lease_until) WHERE lease_until > 0;
DROP INDEX due_by_time;
