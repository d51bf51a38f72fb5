#include "tests/unit/reactor/any_kernel.hpp"

#include <unistd.h>

namespace test {
namespace {

class Linux : public AnyKernel {
public:
    void pass_time() override { usleep(1000); }
};

}  // namespace

std::unique_ptr<AnyKernel> any_kernel() {
    return std::make_unique<Linux>();
}

}  // namespace test
