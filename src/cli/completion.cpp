#include "cli/completion.h"

#include <functional>
#include <vector>

#include "base/result.h"
#include "model/reject.h"

namespace dray {
namespace {

// A command with its place: " rejects list"; the root's is empty.
struct Place {
  std::string at;
  const CommandNode* command;
};

void collect(const CommandNode& command, const std::string& at, std::vector<Place>& places) {
  places.push_back({at, &command});
  for (const CommandNode& child : command.commands) {
    if (!child.hidden) collect(child, at + " " + child.name, places);
  }
}

std::vector<Place> places_of(const CommandNode& root) {
  std::vector<Place> places;
  collect(root, "", places);
  return places;
}

// 'text', for any of the three shells: fish reads a backslash before a quote, the others the break.
std::string quoted(const std::string& text, bool fish = false) {
  std::string out = "'";
  for (const char c : text) {
    if (fish && (c == '\'' || c == '\\')) {
      out += '\\';
      out += c;
    } else if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

// `names` are asked for when they are wanted: `dray words`.
enum class Completes { unknown, file, directory, choice, names };

// What `dray words` calls the values; "" for those that it does not know.
std::string word_kind(const OptionNode& option) {
  if (option.value == "NAME" && option.names.front() == "--source") return "sources";
  if (option.value == "RUN" || option.names.front() == "RUN") return "runs";
  return "";
}

std::vector<std::string> choices_for(const OptionNode& option) {
  if (option.value != "CODE") return choices_of(option.value);
  std::vector<std::string> reasons;
  for (std::uint8_t code = 0;; ++code) {
    std::string name(to_string(static_cast<RejectReason>(code)));
    if (code > 0 && name == reasons.front()) return reasons;
    reasons.push_back(std::move(name));
  }
}

Completes value_kind(const OptionNode& option) {
  if (option.value == "FILE") return Completes::file;
  if (option.value == "DIR") return Completes::directory;
  if (!word_kind(option).empty()) return Completes::names;
  return choices_for(option).empty() ? Completes::unknown : Completes::choice;
}

std::vector<std::string> option_words(const CommandNode& command) {
  std::vector<std::string> words;
  for (const OptionNode& option : command.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return words;
}

// What a shell has to ask for to complete the argument: "runs"; "" for none.
std::string asked_words(const CommandNode& command) {
  for (const OptionNode& positional : command.positionals) {
    if (std::string kind = word_kind(positional); !kind.empty()) return kind;
  }
  return "";
}

std::vector<std::string> command_words(const CommandNode& command) {
  std::vector<std::string> words;
  for (const CommandNode& child : command.commands) {
    if (!child.hidden) words.push_back(child.name);
  }
  for (const OptionNode& positional : command.positionals) {
    for (std::string& choice : choices_of(positional.value)) {
      words.push_back(std::move(choice));
    }
  }
  return words;
}

// The lines of a `case` (bash, zsh) that move from one command to the next: "$at $word" in.
std::string moves(const std::vector<Place>& places) {
  std::string out;
  for (const Place& place : places) {
    if (!place.at.empty())
      out += "      " + quoted(place.at) + ") at=" + quoted(place.at) + " ;;\n";
  }
  return out;
}

// The lines of a `case` that answer options with a value: "$at:$previous" in.
std::string value_cases(const std::vector<Place>& places,
                        const std::function<std::string(const OptionNode&)>& answer) {
  std::string out;
  for (const Place& place : places) {
    for (const OptionNode& option : place.command->options) {
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) {
        patterns.push_back(quoted(place.at + ":" + name));
      }
      out += "    " + joined(patterns, "|") + ") " + answer(option) + "return ;;\n";
    }
  }
  return out;
}

std::string bash_names(const std::string& kind) {
  return "$(\"${COMP_WORDS[0]}\" words " + kind + " 2>/dev/null)";
}

std::string bash_value(const OptionNode& option) {
  switch (value_kind(option)) {
    case Completes::file:
      return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\")); ";
    case Completes::directory:
      return "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$current\")); ";
    case Completes::choice:
      return "COMPREPLY=($(compgen -W " + quoted(joined(choices_for(option), " ")) +
             " -- \"$current\")); ";
    case Completes::names:
      return "COMPREPLY=($(compgen -W \"" + bash_names(word_kind(option)) +
             "\" -- \"$current\")); ";
    case Completes::unknown:
      return "";
  }
  return "";
}

std::string bash_script(const std::vector<Place>& places) {
  std::string out =
      "# bash completion for dray: source <(dray completion bash)\n"
      "_dray() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local at='' words='' options='' i\n"
      "  local IFS=$' \\t\\n'\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$at ${COMP_WORDS[i]}\" in\n";
  out += moves(places);
  out += "    esac\n  done\n  case \"$at:$previous\" in\n";
  out += value_cases(places, bash_value);
  out += "  esac\n  case \"$at\" in\n";
  for (const Place& place : places) {
    out += "    " + quoted(place.at) + ")\n";
    const std::string asked = asked_words(*place.command);
    out += "      words=" +
           (asked.empty() ? quoted(joined(command_words(*place.command), " "))
                          : "\"" + bash_names(asked) + " \"") +
           "\n";
    out += "      options=" + quoted(joined(option_words(*place.command), " ")) + " ;;\n";
  }
  out +=
      "  esac\n"
      "  if [[ $current == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
      "  elif [[ -n $words ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  else\n"
      "    compopt -o filenames\n"
      "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "  fi\n"
      "}\n"
      "complete -F _dray dray\n";
  return out;
}

std::string zsh_names(const std::string& kind) {
  return "${(f)\"$(${words[1]} words " + kind + " 2>/dev/null)\"}";
}

std::string zsh_value(const OptionNode& option) {
  switch (value_kind(option)) {
    case Completes::file:
      return "_files; ";
    case Completes::directory:
      return "_files -/; ";
    case Completes::choice:
      return "compadd -- " + joined(choices_for(option), " ") + "; ";
    case Completes::names:
      return "compadd -- " + zsh_names(word_kind(option)) + "; ";
    case Completes::unknown:
      return "_message " + quoted(option.value) + "; ";
  }
  return "";
}

// 'name:what it does', where a colon of the name would need a backslash; names have none.
std::string zsh_descriptions(const CommandNode& command) {
  std::string out = "      words_here=(";
  for (const CommandNode& child : command.commands) {
    if (!child.hidden) out += quoted(child.name + ":" + child.doc) + " ";
  }
  for (const OptionNode& positional : command.positionals) {
    for (const std::string& choice : choices_of(positional.value)) {
      out += quoted(choice) + " ";
    }
  }
  if (const std::string asked = asked_words(command); !asked.empty()) out += zsh_names(asked) + " ";
  out += ")\n      options=(";
  for (const OptionNode& option : command.options) {
    for (const std::string& name : option.names) {
      out += quoted(name + ":" + option.doc) + " ";
    }
  }
  return out + ") ;;\n";
}

std::string zsh_script(const std::vector<Place>& places) {
  std::string out =
      "#compdef dray\n"
      "# zsh completion for dray: source <(dray completion zsh)\n"
      "_dray() {\n"
      "  local at='' word\n"
      "  local -a words_here options\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$at $word\" in\n";
  out += moves(places);
  out += "    esac\n  done\n  case \"$at:${words[CURRENT-1]}\" in\n";
  out += value_cases(places, zsh_value);
  out += "  esac\n  case \"$at\" in\n";
  for (const Place& place : places) {
    out += "    " + quoted(place.at) + ")\n" + zsh_descriptions(*place.command);
  }
  out +=
      "  esac\n"
      "  if [[ $PREFIX == -* ]]; then\n"
      "    _describe option options\n"
      "  elif (( $#words_here )); then\n"
      "    _describe command words_here\n"
      "  else\n"
      "    _files\n"
      "  fi\n"
      "}\n"
      "if [[ ${funcstack[1]} == _dray ]]; then _dray \"$@\"; else compdef _dray dray; fi\n";
  return out;
}

std::string fish_names(const std::string& kind) {
  return " -a '(eval (commandline -opc)[1] words " + kind + " 2>/dev/null)'";
}

std::string fish_option(const OptionNode& option) {
  std::string out;
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    out += (is_long ? " -l " : " -s ") + name.substr(is_long ? 2 : 1);
  }
  if (!option.value.empty()) out += " -r";
  switch (value_kind(option)) {
    case Completes::file:
      return out + " -F";
    case Completes::directory:
      return out + " -a '(__fish_complete_directories)'";
    case Completes::choice:
      return out + " -a " + quoted(joined(choices_for(option), " "), true);
    case Completes::names:
      return out + fish_names(word_kind(option));
    case Completes::unknown:
      return out;
  }
  return out;
}

std::string fish_place(const Place& place) {
  const std::string line = "complete -c dray -n \"__dray_at '" + place.at + "'\"";
  std::string out;
  for (const CommandNode& child : place.command->commands) {
    if (child.hidden) continue;
    out += line + " -a " + child.name + " -d " + quoted(child.doc, true) + "\n";
  }
  for (const OptionNode& positional : place.command->positionals) {
    const auto choices = choices_of(positional.value);
    if (!choices.empty()) out += line + " -a " + quoted(joined(choices, " "), true) + "\n";
    const std::string asked = word_kind(positional);
    if (!asked.empty()) out += line + fish_names(asked) + "\n";
  }
  for (const OptionNode& option : place.command->options) {
    out += line + fish_option(option) + " -d " + quoted(option.doc, true) + "\n";
  }
  if (command_words(*place.command).empty() && asked_words(*place.command).empty()) {
    out += line + " -F\n";
  }
  return out;
}

std::string fish_script(const std::vector<Place>& places) {
  std::string out =
      "# fish completion for dray: dray completion fish | source\n"
      "function __dray_at\n"
      "    set -l at ''\n"
      "    for word in (commandline -opc)[2..-1]\n"
      "        switch \"$at $word\"\n"
      "            case";
  for (const Place& place : places) {
    if (!place.at.empty()) out += " " + quoted(place.at, true);
  }
  out +=
      "\n"
      "                set at \"$at $word\"\n"
      "        end\n"
      "    end\n"
      "    test \"$at\" = \"$argv[1]\"\n"
      "end\n"
      "complete -c dray -f\n";
  for (const Place& place : places) {
    out += fish_place(place);
  }
  return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const CommandNode& root) {
  const std::vector<Place> places = places_of(root);
  if (shell == "bash") return bash_script(places);
  if (shell == "zsh") return zsh_script(places);
  DRAY_ASSERT(shell == "fish");
  return fish_script(places);
}

}  // namespace dray
