// Fuzz targets without a fuzzer: plays one of them inputs made at random of pieces of a text,
// always the same ones. It finds little, but shows at each test run that the target builds and is
// itself in order. Which ones the program has, FUZZ_TARGETS says: TARGET(command_fuzz) and so on.
#include "tests/sim/random.hpp"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#define TARGET(name)                                            \
    namespace name {                                            \
    void one_input(const std::uint8_t* data, std::size_t size); \
    }
FUZZ_TARGETS
#undef TARGET

namespace {

struct Target {
    std::string_view name;
    void (*one_input)(const std::uint8_t* data, std::size_t size);
};

#define TARGET(name) {#name, name::one_input},
constexpr Target targets[] = {FUZZ_TARGETS};
#undef TARGET

void play(const Target& target, const std::string& text) {
    sim::Random random(1);
    for (int i = 0; i < 3000; ++i) {
        std::string input;
        while (!random.chance(20)) {
            input += static_cast<char>(random.below(256));
            input += text.substr(random.below(text.size()), random.below(200));
        }
        target.one_input(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    }
}

}  // namespace

int main(int count, char** arguments) {
    std::ifstream file(count == 3 ? arguments[2] : "");
    std::ostringstream all;
    all << file.rdbuf();
    const std::string text = all.str();
    for (const Target& target : targets) {
        if (text.empty() || target.name != arguments[1]) continue;
        play(target, text);
        return 0;
    }
    std::fputs("usage: the name of a fuzz target, then a file that is not empty\n", stderr);
    return 2;
}
