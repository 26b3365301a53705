// A process that keeps one processor busy while nothing stops it.
for (;;);
