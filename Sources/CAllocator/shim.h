#pragma once
// Swift's view of the C library leaves this header out.
#include <malloc.h>
