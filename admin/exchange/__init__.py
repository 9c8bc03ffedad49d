"""What comes from students as files: listed, hashed, copied and unpacked without following them anywhere."""
