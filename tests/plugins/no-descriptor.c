/*
 * no-descriptor.c - is a shared object, but no plugin.
 */
int not_a_plugin(void);

__attribute__((visibility("default"))) int not_a_plugin(void)
{
	return 0;
}
