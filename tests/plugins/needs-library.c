/*
 * needs-library.c - a program that cannot be loaded on this host.
 */
int from_elsewhere(void);

int main(void)
{
	return from_elsewhere();
}
