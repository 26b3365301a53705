import { describe, expect, it } from 'vitest';
import { checkGbnf } from './gbnf.ts';

const problem = (text: string): string => {
  try {
    checkGbnf(text, 'root');
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a grammar', () => {
  it.each([
    [
      'literals, classes, groups and repetitions',
      'root ::= "a\\n\\x41\\u00e9" [^a-z\\]\\-] ( "b" | b-c )* .{2,3} # end\nb-c ::= [0-9]+ "?"? {2}\n',
    ],
    ['alternatives over lines', 'root ::=\n  "a" |\n  "b" (\n "c" # one\n | "d" )\n\n\n# more\nx ::= "y"'],
    ['an empty text', 'root ::= '],
    ['recursion after a character', 'root ::= "(" root ")" | ""'],
    ['ends of lines of Windows', 'root ::= a\r\na ::= "x"\r\n'],
  ])('may have %s', (_, text) => {
    expect(problem(text)).toBe('');
  });

  it.each([
    ['a literal without end', 'root ::= "a', /line 1, column 12: the text ends within/],
    ['an unknown escape', 'a ::= "x"\nroot ::= "\\q"', /line 2, column 12: "\\q" is no escape/],
    ['too few digits', 'root ::= "\\u12"', /line 1, column 13: \\u needs 4/],
    ['no assignment', 'root = "a"', /line 1, column 6: "::=" is expected/],
    ['no name', '= "a"', /line 1, column 1: a rule's name/],
    ['an open group', 'root ::= ("a"\n', /line 2, column 1: "\)" is expected/],
    ['nothing to repeat', 'root ::= *', /line 1, column 10: a literal, a class/],
    ['a range the wrong way', 'root ::= "a"{3,2}', /from 3 to 2/],
    ['an unknown rule', 'root ::= "a" (\n  missing)', /line 2, column 3: there is no rule "missing"/],
    ['no root', 'a ::= "a"', /no rule "root"/],
    ['nothing at all', '', /no rule "root"/],
    ['a token', 'root ::= <think>', /tokens cannot be named/],
    ['too many repetitions', 'root ::= "a"{5000}', /5000 repetitions/],
    ['repetitions within repetitions', 'root ::= ("a"?){1999}', /repeats too many rules/],
    ['long repetitions that unfold to too much', `root ::= "${'x'.repeat(9999)}"{1000}`, /too large/],
    ['deep nesting', `root ::= ${'('.repeat(9999)}`, /nested more than 64 deep/],
    ['left recursion', 'root ::= root "a" | "b"', /rule "root" can come back/],
    ['left recursion behind what may be empty', 'root ::= "x" a\na ::= b a "x" | "y"\nb ::= c\nc ::= ""', /rule "[ab]" can come back/],
    ['a repetition of what may be empty', 'root ::= ("a"?)*', /rule "root" can come back/],
    ['a character 0', 'root ::= "\0"', /character 0/],
  ])('may not have %s', (_, text, message) => {
    expect(problem(text)).toMatch(message);
  });
});
