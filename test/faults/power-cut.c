/*
 * Stops mounted ext4s as a power failure would: nothing that the kernel still holds reaches the disks any more.
 * Only ever for loop devices that the test made for itself.
 *
 *   power-cut drop|keep MOUNT_POINT…     what becomes of the journal: dropped, or brought to the disk first
 */
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

/* Of the kernel's fs/ext4/ext4.h, which no header of user space repeats. */
#define SHUT_DOWN _IOR('X', 125, __u32)
enum { JOURNAL_FLUSHED = 1, JOURNAL_DROPPED = 2 };

int main(int count, char *arguments[]) {
  if (count < 3) {
    fputs("usage: power-cut drop|keep MOUNT_POINT...\n", stderr);
    return 2;
  }
  __u32 journal = strcmp(arguments[1], "keep") == 0 ? JOURNAL_FLUSHED : JOURNAL_DROPPED;
  int roots[count];
  for (int disk = 2; disk < count; disk++) {
    roots[disk] = open(arguments[disk], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (roots[disk] == -1) {
      perror(arguments[disk]);
      return 1;
    }
  }
  for (int disk = 2; disk < count; disk++) {
    if (ioctl(roots[disk], SHUT_DOWN, &journal) == -1) {
      perror(arguments[disk]);
      return 1;
    }
  }
  return 0;
}
