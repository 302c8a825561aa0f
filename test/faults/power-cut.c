/*
 * Stops a mounted ext4 as a power failure would: nothing that the kernel still holds reaches the disk any more.
 * Only ever for a loop device that the test made for itself.
 *
 *   power-cut MOUNT_POINT drop | keep     what becomes of the journal: dropped, or brought to the disk first
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
    fputs("usage: power-cut MOUNT_POINT drop|keep\n", stderr);
    return 2;
  }
  __u32 journal = strcmp(arguments[2], "keep") == 0 ? JOURNAL_FLUSHED : JOURNAL_DROPPED;
  int root = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root == -1 || ioctl(root, SHUT_DOWN, &journal) == -1) {
    perror(arguments[1]);
    return 1;
  }
  return 0;
}
