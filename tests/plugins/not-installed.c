/*
 * not-installed.c - the library that needs-library does not find.
 */
int from_elsewhere(void);

__attribute__((visibility("default"))) int from_elsewhere(void)
{
	return 0;
}
