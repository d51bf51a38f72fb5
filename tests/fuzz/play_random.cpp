// A fuzz target without a fuzzer: plays inputs made at random of pieces of a text, always the same
// ones. It finds little, but shows at each test run that the target builds and is itself in order.
#include "tests/sim/random.hpp"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
    std::ifstream file(count > 1 ? arguments[1] : "");
    std::ostringstream all;
    all << file.rdbuf();
    const std::string text = all.str();
    if (text.empty()) {
        std::fputs("usage: a fuzz target, then a file that is not empty\n", stderr);
        return 2;
    }
    sim::Random random(1);
    for (int i = 0; i < 3000; ++i) {
        std::string input;
        while (!random.chance(20)) {
            input += static_cast<char>(random.below(256));
            input += text.substr(random.below(text.size()), random.below(200));
        }
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    }
    return 0;
}
