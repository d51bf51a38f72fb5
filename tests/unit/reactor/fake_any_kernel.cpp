#include "tests/sim/fake_kernel.hpp"
#include "tests/unit/reactor/any_kernel.hpp"

namespace test {
namespace {

class Simulated : public AnyKernel {
public:
    void pass_time() override { kernel_.advance_to(kernel_.now_ns() + 1'000'000); }

private:
    sim::FakeKernel kernel_{1};
};

}  // namespace

std::unique_ptr<AnyKernel> any_kernel() {
    return std::make_unique<Simulated>();
}

}  // namespace test
