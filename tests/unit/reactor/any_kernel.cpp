#include "tests/unit/reactor/any_kernel.hpp"

#include <unistd.h>

namespace test {

AnyKernel::AnyKernel() = default;
AnyKernel::~AnyKernel() = default;

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): the fake one's is not.
void AnyKernel::pass_time() {
    usleep(1000);
}

}  // namespace test
