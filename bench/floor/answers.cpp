#include "bench/floor/answers.hpp"

#include <string>

namespace bench::floor {

std::string_view answers() {
    static const std::string all = [] {
        std::string text;
        for (std::size_t i = 0; i < answers_max; ++i) text += one_answer;
        return text;
    }();
    return all;
}

}  // namespace bench::floor
