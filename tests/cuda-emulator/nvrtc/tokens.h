#pragma once
#include <string>
#include <vector>

namespace emu {

/// A word, a literal or a sign of preprocessed text, with the blanks and line markers before it and the place it came from.
struct Token {
    std::string before;
    std::string text;
    std::string file;
    int line = 0;
};

std::vector<Token> tokenise(const std::string &text);
bool is_identifier(const std::string &word);

} // namespace emu
