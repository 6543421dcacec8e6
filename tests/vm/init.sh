#!/bin/busybox sh
# The guest's first process: modules, mounts, then the program that the test put in, told by the kernel's
# command line what to do (errand=…). Its words go out by the second serial line; when it has ended, so has
# the machine.
/bin/busybox --install -s /bin
export PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs tmp /tmp
while read -r module; do
  # Some are for processors that the emulated one is not; what is really missing shows at the mounts.
  insmod "/modules/$module" 2>/dev/null
done </modules/order
mount -t configfs configfs /sys/kernel/config
mount -t ext4 /dev/vda /room || echo "the room's volume cannot be mounted"
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none plates /plates || echo "no plates"
for word in $(cat /proc/cmdline); do
  case $word in errand=*) export SHENLU_VM_ERRAND="${word#errand=}" ;; esac
done
/agent --exact errand --nocapture --test-threads 1 </dev/null >/dev/ttyS1 2>&1
echo "agent ended: $?" >/dev/ttyS1
sync
poweroff -f
