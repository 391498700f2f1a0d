#pragma once
// What Swift's view of the C library leaves out.
#include <malloc.h>
#include <sys/signalfd.h>
#include <sys/inotify.h>
