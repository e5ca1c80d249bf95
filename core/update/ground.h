/*
 * ground.h - what a process inherits from whoever started it, made the same for every run.
 */
#ifndef UPDATE_GROUND_H
#define UPDATE_GROUND_H

/*
 * Called first in main(). Afterwards 0, 1 and 2 are open, and no other descriptor is; the umask is
 * 022; of the environment only TERM and NO_COLOR are left; the signals of phases_interrupts() are
 * blocked (but for those of the keyboard that were ignored), no other one is, and those that could
 * only end a run half-way are ignored; soft limits are as high as they usually are. A hard limit is
 * an administrator's and stays.
 */
void ground_make_firm(void);

#endif
