#include "tests/sim/fake_kernel.hpp"
#include "tests/unit/reactor/any_kernel.hpp"

namespace test {

AnyKernel::AnyKernel() : own_(new sim::FakeKernel(1)) {}

AnyKernel::~AnyKernel() {
    delete static_cast<sim::FakeKernel*>(own_);
}

void AnyKernel::pass_time() {
    auto& kernel = *static_cast<sim::FakeKernel*>(own_);
    kernel.advance_to(kernel.now_ns() + 1'000'000);
}

}  // namespace test
