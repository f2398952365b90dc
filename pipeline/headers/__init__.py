"""From files to rows: raw attributes behind one reader's interface, strict values, Arrow tables."""
