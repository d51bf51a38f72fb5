#pragma once

#include <memory>

namespace test {

// The kernel that a test's reactor::sys reaches: Linux, or the simulation's (fake_any_kernel.cpp),
// so that what a test says of the one holds of the other. One at a time.
class AnyKernel {
public:
    virtual ~AnyKernel() = default;

    // Long enough for bytes to arrive, most times.
    virtual void pass_time() = 0;
};

std::unique_ptr<AnyKernel> any_kernel();

}  // namespace test
