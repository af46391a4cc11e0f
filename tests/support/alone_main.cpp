// The alone suite links one object per header into this program: a second definition of anything would show.
int main() { return 0; }
