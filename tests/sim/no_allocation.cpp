// Replaces the program's `operator new`, to see who calls it.
#include "tests/sim/no_allocation.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

bool watching = false;
bool allocated = false;

}  // namespace

namespace sim {

NoAllocation::NoAllocation() {
    watching = true;
    allocated = false;
}

NoAllocation::~NoAllocation() {
    watching = false;
}

bool NoAllocation::breached() const {
    return allocated;
}

}  // namespace sim

void* operator new(std::size_t size) {
    if (watching && sim::InKernel::depth == 0) allocated = true;
    void* memory = std::malloc(size);
    if (memory == nullptr) std::abort();
    return memory;
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
