#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace herd::http {

// A request's target taken apart: its path, and the parameters of its query, decoded. Reused from
// one request to the next, so that its storage grows once. Parameters beyond the first
// `parameters_max` are ignored.
class Target {
public:
    static constexpr std::size_t parameters_max = 32;

    // Views of what was parsed before are invalid from now on.
    void parse(std::string_view target);

    std::string_view path() const { return std::string_view(text_).substr(0, path_size_); }
    // The first parameter of that name.
    std::optional<std::string_view> find(std::string_view name) const;

private:
    struct Piece {
        std::size_t begin, size;
    };
    struct Parameter {
        Piece name, value;
    };

    void add_parameter(std::string_view text);
    Piece decode(std::string_view text);
    std::string_view view(Piece piece) const {
        assert(piece.begin + piece.size <= text_.size());
        return std::string_view(text_).substr(piece.begin, piece.size);
    }

    std::string text_;  // Path, names and values, one behind the other.
    std::size_t path_size_ = 0;
    std::array<Parameter, parameters_max> parameters_{};
    std::size_t parameter_count_ = 0;
};

}  // namespace herd::http
