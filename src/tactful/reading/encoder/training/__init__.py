"""From labelled texts to the files of a reader: in torch, from the base encoder or a reader that there is. Who reads loads none of it."""
