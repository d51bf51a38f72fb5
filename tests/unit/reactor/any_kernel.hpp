#pragma once

namespace test {

// The kernel that a test's reactor::sys reaches: Linux, or the simulation's (with its part defined
// in fake_any_kernel.cpp), so that what a test says of the one holds of the other.
class AnyKernel {
public:
    AnyKernel();
    ~AnyKernel();
    AnyKernel(const AnyKernel&) = delete;
    AnyKernel& operator=(const AnyKernel&) = delete;

    // Long enough for bytes to arrive, most times.
    void pass_time();

private:
    void* own_ = nullptr;
};

}  // namespace test
