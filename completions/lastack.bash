# SPDX-License-Identifier: BSD-2-Clause
# bash completion for lastack: verbs and options are what the command itself says they are, so this file does
# not grow old. Source it, or install it where bash-completion looks for it (make install does).

_lastack()
{
    local command=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        # "  verb   what it does" for each verb
        words=$("$command" --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  *[^ ].*/\1/p')
        mapfile -t COMPREPLY < <(compgen -W "$words --help" -- "$word")
    elif [[ $word == -* ]]; then
        words=$("$command" "${COMP_WORDS[1]}" --help 2>/dev/null | grep -oE -e '--[a-z][a-z0-9-]*' | sort -u)
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -o filenames -F _lastack lastack
