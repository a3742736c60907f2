"""How far can the votes be trusted? Agreement beside chance, by question, setting and annotator."""
