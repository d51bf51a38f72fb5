#pragma once

namespace herd {

// While one of these lives, what OpenSSL gives back to the heap on this thread is wiped before: it
// wipes much itself, but not the bytes that it decodes a key from. Beyond that nothing is slower.
//
// Before main() OpenSSL is told of an allocator that can do so, as it takes none later.
class Wiping {
public:
    Wiping();
    Wiping(const Wiping&) = delete;
    Wiping& operator=(const Wiping&) = delete;
    ~Wiping();
};

}  // namespace herd
