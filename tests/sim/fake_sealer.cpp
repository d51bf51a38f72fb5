#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_seal.hpp"
#include "tests/sim/no_allocation.hpp"

#include <memory>

namespace sim {

reactor::SealPtr FakeSealer::make(FakeSeal::Shape shape) {
    const InKernel inside;
    shape.name = name_;
    shape.refuses = random_.chance(FakeKernel::current().faults.seal_refusals);
    shape.record_max = random_.chance(50) ? reactor::Seal::record_max : 1 + random_.below(200);
    return std::make_unique<FakeSeal>(shape);
}

}  // namespace sim
