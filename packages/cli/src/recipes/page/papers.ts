/** Titles of the papers that recipes re-create, by the number under which the project lists them. */
const papers: Readonly<Record<number, string>> = {
  10: 'CoMAS: Co-Evolving Multi-Agent Systems via Interaction Rewards',
  11: 'B-STaR: Monitoring and Balancing Exploration and Exploitation in Self-Taught Reasoners',
  14: 'Agent0: Unleashing Self-Evolving Agents from Zero Data via Tool-Integrated Reasoning',
  20: 'Enhancing Agentic RL with Progressive Reward Shaping and Value-based Sampling Policy Optimization (PRS + VSPO)',
  51: 'Demystifying Reinforcement Learning in Agentic Reasoning',
  61: 'Bridging Supervised Learning and Reinforcement Learning in Math Reasoning (NFT, negative-aware fine-tuning)',
};

/** "CoMAS: … (paper 10)"; the number alone where the title is not listed; empty for a recipe of no paper. */
export function paperText(paper: number | undefined): string {
  if (paper === undefined) return '';
  const title = papers[paper];
  return title === undefined ? `paper ${paper}` : `${title} (paper ${paper})`;
}
