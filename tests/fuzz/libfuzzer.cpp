// What libFuzzer calls, of the one target that its program has: FUZZ_TARGET.
#include <cstddef>
#include <cstdint>

namespace FUZZ_TARGET {

void one_input(const std::uint8_t* data, std::size_t size);

}  // namespace FUZZ_TARGET

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FUZZ_TARGET::one_input(data, size);
    return 0;
}
