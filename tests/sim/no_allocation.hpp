#pragma once

namespace sim {

// While one lives, taking memory by `new` is noted, but not by the fake kernel (see InKernel): it
// stands for what is outside the process. Not nested.
class NoAllocation {
public:
    NoAllocation();
    ~NoAllocation();
    NoAllocation(const NoAllocation&) = delete;
    NoAllocation& operator=(const NoAllocation&) = delete;

    bool breached() const;
};

// For as long as it lives the fake kernel is at work.
class InKernel {
public:
    InKernel() { ++depth; }
    ~InKernel() { --depth; }
    InKernel(const InKernel&) = delete;
    InKernel& operator=(const InKernel&) = delete;

    static inline int depth = 0;
};

}  // namespace sim
