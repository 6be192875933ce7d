-- Who reads the journal's entries of its own resources walks along this.
CREATE INDEX journal_by_owner ON journal (owner, sequence);
